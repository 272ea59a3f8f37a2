"""The after-action report: gathered from logs and books, rated, and set as a page that stands alone and as a PDF."""
