declare const encoded: unique symbol;

/** A path whose values have been encoded; made by the `path` tag only. */
export type Path = string & { readonly [encoded]: true };

/**
 * Builds a path from a template, percent-encoding each value: path`/assets/${id}/files`.
 * @throws RangeError for the values '', '.' and '..', which URL parsers would resolve to another path
 */
export function path(template: TemplateStringsArray, ...values: readonly string[]): Path {
  const segments = values.map((value) => {
    if (value === '' || value === '.' || value === '..')
      throw new RangeError(`${JSON.stringify(value)} cannot be part of the path ${template.join('…')}.`);
    return encodeURIComponent(value);
  });
  const text = String.raw(template, ...segments);
  if (!isPath(text)) throw new RangeError(`The path ${text} must begin with a slash.`);
  return text;
}

function isPath(text: string): text is Path {
  return text.startsWith('/');
}
