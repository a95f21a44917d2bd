# Python, with aiosmtplib.
import asyncio
from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib

mail = EmailMessage()
mail["From"] = "monitor@example.org"
mail["To"] = "+4915112345678@sms.example.org"
mail["Message-ID"] = make_msgid()   # a retry is known by it
mail.set_content("Größe von /var: 95 %")

asyncio.run(aiosmtplib.send(
    mail, hostname="localhost", port=587, username="USER",
    password="PASSWORD", start_tls=False))
