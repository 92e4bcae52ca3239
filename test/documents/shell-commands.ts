/** One simple command of a shell script. */
export interface ShellCommand {
  /** Without quotes; a variable stands as `$NAME`, and what another command prints as `$(…)`. */
  readonly words: readonly string[];
  /** What stands before the command, or alone: `NAME=value`. */
  readonly assignments: readonly { readonly name: string; readonly value: string }[];
  /** The variables that its words and assignments use. */
  readonly variables: readonly string[];
  /** The function whose body it is in. */
  readonly within: string | undefined;
}

const reserved = new Set(['do', 'done', 'then', 'fi', 'if', 'else', 'while', '{', '}', '!']);

/**
 * The simple commands of a script, those in substitutions, loops and functions of one line included, as far as bash
 * and zsh agree.
 * @throws {Error} when a quote or a parenthesis has no end
 */
export function shellCommands(script: string): ShellCommand[] {
  return new Reader(script).read();
}

class Reader {
  readonly #text: string;
  readonly #found: ShellCommand[] = [];
  #at = 0;
  #words: string[] = [];
  #variables: string[] = [];
  #word: string | undefined;
  /** The word that is being read is where input or output goes. */
  #isFileNext = false;
  #within: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ShellCommand[] {
    this.#commands(undefined);
    return this.#found;
  }

  /** Up to a closing parenthesis, or the end. */
  #commands(end: ')' | undefined): void {
    while (this.#at < this.#text.length) {
      const rest = this.#text.slice(this.#at);
      const [start] = /^[A-Za-z_]\w*(?=\(\)\s*\{)/.exec(rest) ?? [];
      if (start !== undefined && this.#word === undefined && this.#words.length === 0) {
        this.#within = start;
        this.#at += rest.indexOf('{') + 1;
        continue;
      }
      const character = rest[0] ?? '';
      if (character === end) {
        this.#endCommand();
        this.#at += 1;
        return;
      }
      if (rest.startsWith('\\\n')) this.#endWord(2);
      else if (character === '#' && this.#word === undefined)
        this.#at += (/^[^\n]*/.exec(rest) ?? [''])[0].length;
      else if (/^\s/.test(rest) && character !== '\n') this.#endWord(1);
      else if (/^(?:>>?|<)/.test(rest)) {
        this.#endWord((/^(?:>>?|<) */.exec(rest) ?? [''])[0].length);
        this.#isFileNext = true;
      } else if (/^(?:[\n;|&()])/.test(rest)) {
        this.#endCommand();
        this.#at += 1;
      } else this.#piece();
    }
    if (end !== undefined) throw new Error('A parenthesis has no end.');
    this.#endCommand();
  }

  /** One part of a word: a character, a quoted text or an expansion. */
  #piece(): void {
    const character = this.#text[this.#at] ?? '';
    if (character === "'") {
      const close = this.#text.indexOf("'", this.#at + 1);
      if (close === -1) throw new Error('A quote has no end.');
      this.#add(this.#text.slice(this.#at + 1, close));
      this.#at = close + 1;
    } else if (character === '"') this.#quoted();
    else if (character === '$') this.#expansion();
    else if (character === '\\') {
      this.#add(this.#text[this.#at + 1] ?? '');
      this.#at += 2;
    } else {
      this.#add(character);
      this.#at += 1;
    }
  }

  #quoted(): void {
    this.#at += 1;
    this.#add('');
    while (this.#text[this.#at] !== '"') {
      const character = this.#text[this.#at];
      if (character === undefined) throw new Error('A quote has no end.');
      if (character === '$') this.#expansion();
      else if (character === '\\') {
        this.#add(this.#text[this.#at + 1] ?? '');
        this.#at += 2;
      } else {
        this.#add(character);
        this.#at += 1;
      }
    }
    this.#at += 1;
  }

  #expansion(): void {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('$(')) {
      const [words, variables, word] = [this.#words, this.#variables, this.#word];
      [this.#words, this.#variables, this.#word] = [[], [], undefined];
      this.#at += 2;
      this.#commands(')');
      [this.#words, this.#variables, this.#word] = [words, variables, word];
      this.#add('$(…)');
      return;
    }
    const [whole = '$', braced, plain] =
      /^\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*|[0-9@]))/.exec(rest) ?? [];
    const name = braced ?? plain;
    if (name !== undefined) this.#variables.push(name);
    this.#add(name === undefined ? '$' : `$${name}`);
    this.#at += whole.length;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  #endWord(skipped: number): void {
    if (this.#word !== undefined) {
      if (!this.#isFileNext) this.#words.push(this.#word);
      this.#isFileNext = false;
    }
    this.#word = undefined;
    this.#at += skipped;
  }

  #endCommand(): void {
    this.#endWord(0);
    while (reserved.has(this.#words[0] ?? '')) this.#words.shift();
    const assignments: { name: string; value: string }[] = [];
    const words = [...this.#words];
    if (words.at(-1) === '}') words.pop();
    for (let first = words[0]; first !== undefined; first = words[0]) {
      const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(first) ?? [];
      if (name === undefined) break;
      assignments.push({ name, value });
      words.shift();
    }
    if (words.length > 0 || assignments.length > 0)
      this.#found.push({ words, assignments, variables: this.#variables, within: this.#within });
    if (this.#text[this.#at] === '\n') this.#within = undefined;
    [this.#words, this.#variables] = [[], []];
  }
}
