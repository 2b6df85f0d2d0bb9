"""What tickets look like outside the API.

A package, so that each function loads only the libraries that it needs.

email: tickets and event as notify sends them
ical: the event as an iCalendar document
pdf: a ticket as a page to print
qr: the signed payload as a QR code
"""
