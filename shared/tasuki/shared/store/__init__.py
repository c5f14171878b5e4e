"""The sealed record store on PostgreSQL: versions, history, tokens, change feed, audit leaves."""
