"""The page behind the link: one dossier's status, read-only, without an account."""
