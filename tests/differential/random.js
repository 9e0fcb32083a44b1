// Random things, the same in every engine for the same seed (mulberry32).

export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }

  /** 0 … 2³² − 1 */
  bits() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 … n − 1 */
  below(n) {
    return this.bits() % n
  }

  /** True once in n times. */
  oneIn(n) {
    return this.below(n) === 0
  }

  of(list) {
    return list[this.below(list.length)]
  }

  list(most, make) {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  number() {
    switch (this.below(8)) {
      case 0: return this.of([0, -0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53, 123456789012345680000])
      case 1: return this.below(10)
      case 2: return this.below(100000) / 100
      case 3: return -this.bits()
      case 4: return this.bits() * 2 ** (this.below(80) - 40)
      case 5: return Math.round(this.bits() / 1000) / 10 ** this.below(12)
      default: return new Float64Array(new Uint32Array([this.bits(), this.bits()]).buffer)[0]
    }
  }

  character() {
    switch (this.below(9)) {
      case 0: return this.of('"\\/\b\f\n\r\t\0\x1f\x7f\u2028\u2029\ufeff')
      case 1: return String.fromCharCode(this.below(0x10000))
      case 2: return this.of(['é', 'ß', '日', '😀', '𝄞', '\ud800', '\udfff', '\u00a0'])
      case 3: return this.of(" !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~")
      default: return String.fromCharCode(97 + this.below(26))
    }
  }

  text(most = 8) {
    return this.list(most, () => this.character()).join('')
  }

  word(most = 4) {
    return Array.from({ length: 1 + this.below(most) }, () => this.of('abcde')).join('')
  }
}

/** A text on one line, whatever is in it. */
export function plain(text) {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
}

/** What a function gives, or the name of what it throws. */
export function outcome(make) {
  try {
    const made = make()
    return made === undefined ? 'undefined' : plain(made)
  } catch (error) {
    return 'throws ' + error.name
  }
}
