"""Image data sets: IDX files, verified loading, fetching and augmentation."""
