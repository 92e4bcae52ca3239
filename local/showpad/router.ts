interface Routed {
  readonly method: string;
  /** With `{name}` where a parameter stands. */
  readonly path: string;
}

interface Route<Operation> {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

export interface RouteMatch<Operation> {
  readonly operation: Operation;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the operation for a path; where the path is known and the method is not, the methods that it has. */
export function createRouter<Operation extends Routed>(
  operations: readonly Operation[],
): (method: string, path: string) => RouteMatch<Operation> | { readonly allowed: readonly string[] } {
  const routes: Route<Operation>[] = operations.map((operation) => ({
    operation,
    segments: operation.path.split('/'),
  }));
  // A literal path is meant before a template that matches it as well.
  routes.sort((left, right) => placeholders(left) - placeholders(right));
  return (method, path) => {
    const segments = path.split('/');
    const allowed: string[] = [];
    for (const route of routes) {
      const parameters = matchSegments(route.segments, segments);
      if (parameters === undefined) continue;
      if (route.operation.method === method) return { operation: route.operation, parameters };
      allowed.push(route.operation.method);
    }
    return { allowed };
  };
}

function placeholders({ segments }: Route<unknown>): number {
  return segments.filter((segment) => segment.startsWith('{')).length;
}

function matchSegments(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined;
      continue;
    }
    const value = decode(segment);
    if (value === undefined || value === '') return undefined;
    parameters[part.slice(1, -1)] = value;
  }
  return parameters;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
