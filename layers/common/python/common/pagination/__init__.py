"""Pagination: signed tokens (`tokens`), pages of an index (`paginator`), pages of matching items only (`filtered`)."""
