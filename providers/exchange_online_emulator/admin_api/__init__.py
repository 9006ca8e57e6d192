"""The Exchange Online admin API over HTTP: InvokeCommand, its authorization, its paging, its answers."""
