"""Further languages: catalogues (gettext, `LANGUAGE.po`) that are read, checked, and handed to the core.

Shipped ones lie in this folder, a site's own in `languages/` of its home; those stand over the shipped ones.
"""
