// docs/contracts/security-headers.md: the policy that an app with `contentSecurityPolicy: app` sends itself.
import { randomBytes } from 'node:crypto';

// A new nonce for every answer: 128 random bits. One that is used twice protects nothing.
export const newNonce = (random = randomBytes) => random(16).toString('base64');

// The header's value. Scripts run only with the nonce, or when one that has it loads them ('strict-dynamic'); browsers
// that know it ignore the hosts after it, which are for older ones.
// apis: https origins that pages call. stripe: whether pages show Stripe's card fields.
export function contentSecurityPolicy(nonce, { apis = [], stripe = false } = {}) {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(nonce)) throw new TypeError('a nonce is 16 random bytes in base64');
  for (const origin of apis) {
    if (new URL(origin).origin !== origin || !origin.startsWith('https://')) {
      throw new TypeError(`${origin}: an https origin without a path`);
    }
  }
  const js = stripe ? ['https://js.stripe.com'] : [];
  const directives = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", ...js],
    'style-src': ["'self'", `'nonce-${nonce}'`],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...(stripe ? ['https://api.stripe.com'] : []), ...apis],
    'frame-src': stripe ? [...js, 'https://hooks.stripe.com'] : ["'none'"],
    'object-src': ["'none'"],
    'base-uri': ["'self'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
    'upgrade-insecure-requests': [],
  };
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ');
}
