"""The public part of the site as files: it works from any web server or object store."""
