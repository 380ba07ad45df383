import ts from "typescript";

/** Whether a value agrees with a comment, to the digits shown there; undefined if the comment is prose. */
export function agrees(value: unknown, expected: string): boolean | undefined {
  const source = ts.createSourceFile("expected.ts", `(${expected})`, ts.ScriptTarget.ESNext, true);
  const [statement] = source.statements;
  if (
    source.statements.length !== 1 ||
    statement === undefined ||
    !ts.isExpressionStatement(statement) ||
    !ts.isParenthesizedExpression(statement.expression)
  )
    return undefined;
  const literal = statement.expression.expression;
  return isLiteral(literal) ? matches(value, literal) : undefined;
}

function isLiteral(node: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isLiteral);
  if (ts.isObjectLiteralExpression(node))
    return node.properties.every((property) => ts.isPropertyAssignment(property) && isLiteral(property.initializer));
  if (ts.isIdentifier(node)) return ["NaN", "Infinity", "undefined"].includes(node.text);
  return (
    ts.isNumericLiteral(node) ||
    ts.isStringLiteral(node) ||
    isNegative(node) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind)
  );
}

function isNegative(node: ts.Expression): node is ts.PrefixUnaryExpression {
  return ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken && isLiteral(node.operand);
}

function matches(value: unknown, literal: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(literal)) {
    return (
      Array.isArray(value) &&
      value.length === literal.elements.length &&
      literal.elements.every((element, index) => matches(value[index], element))
    );
  }
  if (ts.isObjectLiteralExpression(literal)) {
    const properties = literal.properties.filter(ts.isPropertyAssignment);
    return (
      typeof value === "object" &&
      value !== null &&
      Object.keys(value).length === properties.length &&
      properties.every(({ name, initializer }) => matches(Reflect.get(value, nameOf(name)), initializer))
    );
  }
  if (isNegative(literal)) return typeof value === "number" && matches(-value, literal.operand);
  if (ts.isNumericLiteral(literal))
    return (
      typeof value === "number" &&
      Math.abs(value - Number(literal.text)) <= tolerance(literal.getText(), Number(literal.text))
    );
  if (ts.isStringLiteral(literal)) return value === literal.text;
  return Object.is(
    value,
    { NaN: Number.NaN, Infinity, undefined, true: true, false: false, null: null }[literal.getText()],
  );
}

function nameOf(name: ts.PropertyName): string {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) || ts.isNumericLiteral(name) ? name.text : name.getText();
}

/** Half a unit of the last digit shown. A number without decimals may be off by the rounding of float32. */
function tolerance(shown: string, value: number): number {
  const [, decimals = "", exponent = "0"] = /^[\d_]*\.?(\d*)(?:e([+-]?\d+))?$/i.exec(shown) ?? [];
  const rounding = Math.abs(value) * 1e-6;
  return decimals === "" && exponent === "0"
    ? rounding
    : Math.max(rounding, 0.5 * 10 ** (Number(exponent) - decimals.length));
}

/** Turns tensors, typed arrays and promises into plain values, to any depth. */
export async function plain(given: unknown): Promise<unknown> {
  const value = await given;
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) return [...(value as Uint8Array)];
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value !== "object" || value === null) return value;
  if ("array" in value && typeof value.array === "function") return plain((value as { array(): unknown }).array());
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    await Promise.all(Object.entries(value).map(async ([name, child]) => [name, await plain(child)])),
  );
}
