"""Mutation analysis: do the benches notice a gateware that is wrong in one place?"""
