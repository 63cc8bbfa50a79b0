// `prisma generate` reads no database. `prisma migrate deploy` gets DATABASE_URL in the database job (docs/contracts/database.md).
export default {
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://none' },
};
