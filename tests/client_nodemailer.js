/*
 * What client_nodemailer.py has nodemailer do.  Arguments: the port, the way
 * of AUTH (PLAIN, LOGIN, XOAUTH2, none), a user, a secret; standard input:
 * the mails as JSON, sent one after the other over one connection.  Prints an
 * array with the reply to each, or with the code of its refusal.
 */
"use strict";

const fs = require("fs");
const nodemailer = require("nodemailer");

const [port, method, user, secret] = process.argv.slice(2);
const auth = {
	PLAIN: { user, pass: secret },
	LOGIN: { user, pass: secret },
	XOAUTH2: { type: "OAuth2", user, accessToken: secret },
}[method];

const transport = nodemailer.createTransport({
	host: "127.0.0.1",
	port,
	pool: true,
	maxConnections: 1,
	auth,
	authMethod: method,
});

async function main() {
	const results = [];

	for (const mail of JSON.parse(fs.readFileSync(0, "utf8"))) {
		try {
			const info = await transport.sendMail(mail);
			results.push({ reply: info.response,
			    rejected: info.rejected });
		} catch (error) {
			results.push({ code: error.responseCode,
			    error: String(error) });
		}
	}
	transport.close();
	console.log(JSON.stringify(results));
}

main();
