const Stripe = require('stripe');

const stripe = new Stripe('sk_test_EXAMPLEEXAMPLEEXAMPLE0001');
const endpointSecret = process.env.STRIPE_WEBHOOK_SECRET || 'whsec_EXAMPLEEXAMPLE0001';

module.exports = { stripe, endpointSecret };
