import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contentSecurityPolicy, newNonce } from '../src/security-headers.js';

const parse = (policy) =>
  new Map(policy.split('; ').map((part) => part.split(' ')).map(([name, ...sources]) => [name, sources]));

test('every answer has a nonce of its own', () => {
  const nonces = new Set(Array.from({ length: 1000 }, () => newNonce()));
  assert.equal(nonces.size, 1000);
  for (const nonce of nonces) assert.equal(Buffer.from(nonce, 'base64').length, 16);
});

test('only scripts with the nonce run, and nobody frames the page', () => {
  const nonce = newNonce();
  const policy = parse(contentSecurityPolicy(nonce, { apis: ['https://api.example.com'], stripe: true }));
  assert.ok(policy.get('script-src').includes(`'nonce-${nonce}'`));
  assert.ok(policy.get('script-src').includes("'strict-dynamic'"));
  for (const [name, sources] of policy) {
    assert.ok(!sources.some((s) => s === "'unsafe-inline'" || s === "'unsafe-eval'" || s === '*'), name);
  }
  assert.deepEqual(policy.get('frame-ancestors'), ["'none'"]);
  assert.deepEqual(policy.get('object-src'), ["'none'"]);
  assert.ok(policy.get('connect-src').includes('https://api.example.com'));
});

test('an answer without cards knows no Stripe', () => {
  assert.doesNotMatch(contentSecurityPolicy(newNonce()), /stripe/);
});

test('nothing else gets into the header', () => {
  assert.throws(() => contentSecurityPolicy("x'; script-src *"), /nonce/);
  for (const origin of ['http://api.example.com', 'https://api.example.com/v1', 'https://a.example; script-src *']) {
    assert.throws(() => contentSecurityPolicy(newNonce(), { apis: [origin] }));
  }
});
