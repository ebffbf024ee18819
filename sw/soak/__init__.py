"""Long trials: trainings over a bad line, on boards that are reset, in processes that are killed."""
