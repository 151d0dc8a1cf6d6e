"""A study: the file that asks for it, the plan of jobs, the engine that runs them, the ledger of what came of it."""
