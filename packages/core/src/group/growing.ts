/** What all versions of one list share: as much as the longest of them holds. */
interface Shared<Item> {
  readonly keyOf: (item: Item) => string;
  readonly items: Item[];
  readonly places: Map<string, number>;
}

/**
 * A list that only grows, as states hold it. All states of one branch share one, and each sees as much of it as there was: a
 * copy for each would take memory by the square of the log, and somebody may make that long.
 */
export class Growing<Item> implements Iterable<Item> {
  readonly length: number;
  readonly #shared: Shared<Item>;

  private constructor(shared: Shared<Item>, length: number) {
    this.#shared = shared;
    this.length = length;
  }

  /** An empty list whose items are told apart by a key. */
  static by<Item>(keyOf: (item: Item) => string): Growing<Item> {
    return new Growing({ keyOf, items: [], places: new Map() }, 0);
  }

  /** The same list with one item more; this one stays as it is. */
  with(item: Item): Growing<Item> {
    const shared = this.#shared.items.length === this.length ? this.#shared : this.#copy();
    const key = shared.keyOf(item);
    // The first one of its key stays the one that is found, for shorter versions too.
    if (!shared.places.has(key)) shared.places.set(key, shared.items.length);
    shared.items.push(item);
    return new Growing(shared, this.length + 1);
  }

  /** For whoever goes on from where another has gone on already: a branch. */
  #copy(): Shared<Item> {
    const { keyOf } = this.#shared;
    const items = [...this];
    const places = new Map(items.map((item, place): [string, number] => [keyOf(item), place]).reverse());
    return { keyOf, items, places };
  }

  /** The first item of that key. */
  get(key: string): Item | undefined {
    const place = this.#shared.places.get(key);
    return place !== undefined && place < this.length ? this.#shared.items[place] : undefined;
  }

  /** The item at that place, from 0; the last one is at −1. */
  at(place: number): Item | undefined {
    const from = place < 0 ? this.length + place : place;
    return from < this.length ? this.#shared.items[from] : undefined;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let place = 0; place < this.length; place++) yield this.#shared.items[place] as Item;
  }
}
