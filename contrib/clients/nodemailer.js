// An SMS with nodemailer (JavaScript).
// Copy into your program; npm install nodemailer
// Use: node nodemailer.js
const nodemailer = require("nodemailer");

const transport = nodemailer.createTransport({
	host: "127.0.0.1",
	port: 587,
	auth: { user: "USER", pass: "PASSWORD" },
	ignoreTLS: true,	// this host's certificate has another name
});

transport.sendMail({
	from: "monitor@example.org",
	to: "+4915112345678@sms.example.org",
	text: "Größe von /var: 95 %",
}).then((info) => console.log(info.response));
