export interface Route {
  readonly functionName: string;
  /** For example `GET /jobs/{id}`. */
  readonly routeKey: string;
}

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Record<string, string>;
}

/**
 * Finds the route of a request as an HTTP API does: a route without variables wins over one with variables, and a
 * greedy one ({name+}) comes last. The values of path variables are decoded.
 * @param path the path as it came, still encoded.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const matches = routes.flatMap((route) => {
    const pathParameters = match(route, method, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters }];
  });
  const rank = ({ route }: RouteMatch): number =>
    (route.routeKey.includes('+}') ? 100 : 0) + (route.routeKey.split('{').length - 1);
  return matches.sort((one, other) => rank(one) - rank(other))[0];
}

function match({ routeKey }: Route, method: string, path: string): Record<string, string> | undefined {
  const [routeMethod = '', routePath = ''] = routeKey.split(' ');
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;
  const pattern = routePath
    .split('/')
    .map((segment) => {
      const variable = /^\{(\w+)(\+?)\}$/.exec(segment);
      if (variable === null) return segment.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
      return `(?<${variable[1]}>${variable[2] === '+' ? '.+' : '[^/]+'})`;
    })
    .join('/');
  const groups = new RegExp(`^${pattern}$`).exec(path);
  if (groups === null) return undefined;
  return Object.fromEntries(
    Object.entries(groups.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}
