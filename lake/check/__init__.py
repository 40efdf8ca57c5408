"""What contracts promise, as SQL that finds the rows which break it; and what each table's quality is."""
