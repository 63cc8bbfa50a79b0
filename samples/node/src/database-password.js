// The app's password, where `database.appAuthentication` is password. docs/contracts/database.md.
// The database knows one password at a time, the app two: while a rotation is under way the previous one still works.
import { createOverlap } from './overlap.js';

/**
 * The passwords of DATABASE_URL and DATABASE_PASSWORD_PREVIOUS. Give node-postgres `password: () => passwords.value`,
 * which it calls for every new connection; a refusal (28P01) turns to the other one (`inTenant` does).
 */
export function databasePasswords(environment = process.env) {
  let current;
  try {
    current = decodeURIComponent(new URL(environment.DATABASE_URL).password);
  } catch {
    throw new Error('DATABASE_URL is missing or no URL'); // never with its text
  }
  if (!current) throw new Error('DATABASE_URL has no password: the app signs in with a token (token-cache.js)');
  return createOverlap(current, environment.DATABASE_PASSWORD_PREVIOUS || undefined);
}
