"""The editor's desk: a web app that may write. All it does is a command of `etl`, or the function
beneath one, and leaves a line in the audit log."""
