"""What joins the parts: application, commands, console, demo."""

__version__ = "0.1.0"
