// Analyses KQL queries against table schemas with Microsoft's language service.
//
// Standard input: {"tables": {name: {column: type}}, "queries": {id: text}}.
// Standard output: {id: [what the service says of it, errors and warnings]}, one entry for each query.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const load = createRequire(join(process.cwd(), "here.js"));
load("@kusto/language-service-next/bridge.js");
load("@kusto/language-service-next/Kusto.Language.Bridge.js");

const { KustoCode, GlobalState, Symbols } = Kusto.Language;
const { tables, queries } = JSON.parse(readFileSync(0, "utf8"));

// The numbered constructors are the overloads that the library's .NET code has.
const symbols = Object.entries(tables).map(([name, columns]) => {
  const schema = Object.entries(columns).map(([column, type]) => `['${column}']: ${type}`);
  return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(", ")})`, null);
});
const database = new Symbols.DatabaseSymbol.$ctor1("workspace", symbols, false);
const globals = GlobalState.Default.WithDatabase(database);

const said = {};
for (const [id, text] of Object.entries(queries)) {
  const found = KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics();
  said[id] = [];
  for (let index = 0; index < found.Count; index++) {
    const { Severity, Code, Message, Start } = found.getItem(index);
    if (Severity === "Error" || Severity === "Warning") {
      said[id].push(`${Severity} ${Code} at ${Start}: ${Message}`);
    }
  }
}
process.stdout.write(JSON.stringify(said));
