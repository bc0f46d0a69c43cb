"""What tools/report is made of: read a sweep, draw its columns, judge its claims, write a page."""
