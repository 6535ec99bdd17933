"""The only SQL. Each public function is one transaction; `status` is written nowhere else."""
