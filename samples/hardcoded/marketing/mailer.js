const nodemailer = require('nodemailer');

module.exports = nodemailer.createTransport({
  host: 'smtp.example.com',
  auth: { user: 'apikey', pass: process.env.EMAIL_PASS },
  headers: { Authorization: 'Basic YXBpa2V5OnNlY3JldHNlY3JldA==' },
});
