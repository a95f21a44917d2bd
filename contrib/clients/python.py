# An SMS with Python's standard library.
# Copy into your program.
# Use: python3 python.py
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

mail = EmailMessage()
mail["From"] = "monitor@example.org"
mail["To"] = "+4915112345678@sms.example.org"
mail["Message-ID"] = make_msgid()   # a retry is known by it
mail.set_content("Größe von /var: 95 %")

with smtplib.SMTP("localhost", 587) as smtp:
    smtp.login("USER", "PASSWORD")
    smtp.send_message(mail)
