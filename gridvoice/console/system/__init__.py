"""What machines ask for: files of the pages, whether we live and are ready."""
