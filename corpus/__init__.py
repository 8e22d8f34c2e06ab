"""Real projects, checked and deployed against what people verified of them by hand: ``make corpus``."""
