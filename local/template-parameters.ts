import * as z from 'zod';

const number = z.union([z.number(), z.string().transform(Number)]);

export const parameterSchema = z.strictObject({
  Type: z.enum(['String', 'Number', 'CommaDelimitedList']),
  Default: z.union([z.string(), z.number()]).optional(),
  AllowedPattern: z.string().optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  MinValue: number.optional(),
  MaxValue: number.optional(),
  NoEcho: z.boolean().optional(),
  Description: z.string().optional(),
  ConstraintDescription: z.string().optional(),
});

/** What must hold for parameters together, in a template's section `Rules`. */
export const ruleSchema = z.strictObject({
  Assertions: z.array(z.strictObject({ Assert: z.unknown(), AssertDescription: z.string() })),
});

type Parameter = z.output<typeof parameterSchema>;
type Rule = z.output<typeof ruleSchema>;

/**
 * The value of every parameter, checked by the template's own rules.
 * @throws {Error} that names every parameter that is missing, unknown or refused, never a value.
 */
export function parameterValues(
  parameters: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const faults = Object.keys(given)
    .filter((name) => !Object.hasOwn(parameters, name))
    .map((name) => `${name} is not a parameter of the template`);
  const values: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name] ?? parameter.Default;
    if (value === undefined) {
      faults.push(`${name} has no value and no default`);
      continue;
    }
    const fault = faultOf(parameter, String(value));
    if (fault !== undefined) faults.push(`${name} ${fault}`);
    values[name] = String(value);
  }
  if (faults.length > 0) throw notUsable(faults);
  return values;
}

/**
 * Checks what must hold for the values of parameters together.
 * @param isTrue resolves an assertion
 * @throws {Error} with the template's own words for everything that does not hold
 */
export function assertRules(
  rules: Readonly<Record<string, Rule>>,
  isTrue: (assertion: unknown) => boolean,
): void {
  const faults = Object.values(rules)
    .flatMap(({ Assertions }) => Assertions)
    .filter(({ Assert }) => !isTrue(Assert))
    .map(({ AssertDescription }) => AssertDescription.replace(/\.$/, ''));
  if (faults.length > 0) throw notUsable(faults);
}

function notUsable(faults: readonly string[]): Error {
  return new Error(`The template's parameters are not usable: ${faults.join('; ')}.`);
}

function faultOf(parameter: Parameter, value: string): string | undefined {
  if (parameter.AllowedValues !== undefined && !parameter.AllowedValues.map(String).includes(value)) {
    return `must be one of ${parameter.AllowedValues.join(', ')}`;
  }
  const { AllowedPattern: pattern, Type } = parameter;
  const texts = Type === 'CommaDelimitedList' ? value.split(',') : [value];
  if (pattern !== undefined && texts.some((text) => !new RegExp(`^(?:${pattern})$`).test(text))) {
    return `must match ${pattern}`;
  }
  if (Type !== 'Number') return undefined;
  const amount = value.trim() === '' ? Number.NaN : Number(value);
  if (!Number.isFinite(amount)) return 'must be a number';
  if (parameter.MinValue !== undefined && amount < parameter.MinValue)
    return `must be at least ${parameter.MinValue}`;
  if (parameter.MaxValue !== undefined && amount > parameter.MaxValue)
    return `must be at most ${parameter.MaxValue}`;
  return undefined;
}
