"""The faces: sdk, cli, web and the page; thin, derived from `app`."""
