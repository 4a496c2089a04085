"""Who does the jobs of a run: another process, or this one."""
