// The application's client. docs/contracts/database.md.
import { createHash } from 'node:crypto';

import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';

/**
 * @param {string} databaseUrl DATABASE_URL
 * @param {Function|string} [password] what node-postgres calls for each new connection (token-cache.js)
 * @param {{ssl?: object|boolean, max?: number, prepare?: boolean}} [options] prepare: name statements, so that the server
 *   plans them once. False behind a PgBouncer older than 1.21, which loses them in transaction mode.
 */
export function createPrisma(databaseUrl, password, { ssl = { rejectUnauthorized: true }, max = 10, prepare = true } = {}) {
  const url = new URL(databaseUrl);
  const adapter = new PrismaPg(
    {
      host: url.searchParams.get('host') ?? url.hostname,
      port: Number(url.port),
      user: url.username,
      database: url.pathname.slice(1),
      password,
      ssl, // verify-full: certificate and host name
      max,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 5_000,
    },
    {
      schema: 'phi', // else Prisma writes public."patient", which nobody may read
      ...(prepare && { statementNameGenerator: ({ sql }) => createHash('sha256').update(sql).digest('base64url') }),
    },
  );
  return new PrismaClient({ adapter });
}
