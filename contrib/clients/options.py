# An SMS with options, by the parameters of SMTP, with Python's standard library.
# Copy into your program.
# Use: python3 options.py
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

mail = EmailMessage()
mail["From"] = "monitor@example.org"
mail["To"] = "+4915112345678@sms.example.org"
mail["Message-ID"] = make_msgid()   # a retry is known by it
mail["X-SMS-SIM"] = "2"
mail.set_content("Größe von /var: 95 %")

with smtplib.SMTP("localhost", 587) as smtp:
    smtp.login("USER", "PASSWORD")
    smtp.send_message(mail, mail_options=[
        "MT-PRIORITY=6",    # -9 to 9
        "HOLDFOR=600",      # send it in ten minutes,
        "BY=3600;R",        # within the hour or not at all,
    ], rcpt_options=[
        "NOTIFY=SUCCESS",   # with a delivery report
    ])
