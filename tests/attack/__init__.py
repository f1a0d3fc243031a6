"""A generated attack: thousands of mutated arguments, files and folders, each run rightly or refused in one line."""
