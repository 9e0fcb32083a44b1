import chai, { describe, expect } from 'https://jslib.k6.io/k6chaijs/4.3.4.3/index.js';

export const options = { thresholds: { 'checks{check:expected response status to equal 200}': ['rate==0.5'] } };

export default function () {
  chai.config.logFailures = false;
  const all = describe('what holds', () => {
    expect({ a: 1 }).to.not.have.property('b');
    expect(2).to.equal(2);
    expect({ a: 1 }).to.deep.equal({ a: 1 });
    expect({ a: 1 }).to.eql({ a: 1 }).but.not.equal({ a: 1 });
    expect({ a: { b: ['x', 'y'] } }).to.have.nested.property('a.b[1]');
    expect({ a: 1 }).to.have.own.property('a', 1);
    expect([1, 2]).to.have.ordered.members([1, 2]).but.not.have.ordered.members([2, 1]);
    expect({ a: 1, b: 2 }).to.not.have.any.keys('c', 'd');
    expect({ a: 1, b: 2 }).to.have.all.keys('a', 'b');
    expect({ a: 1, b: 2 }).to.contain.all.keys('a');
    expect('foo').to.be.a('string');
    expect([1, 2, 3]).to.be.an('array').that.includes(2);
    expect([1, 2, 3]).to.include.members([3, 1]);
    expect({ a: 1, b: 2 }).to.include({ b: 2 });
    expect('foobar').to.include('foo');
    expect(true).to.be.true;
    expect(null).to.be.null;
    expect(undefined).to.be.undefined;
    expect(NaN).to.be.NaN;
    expect([]).to.be.empty;
    expect(0).to.exist;
    expect('foo').to.have.lengthOf(3);
    expect('foo').to.have.lengthOf.at.least(2);
    expect('foo').to.have.length(3);
    expect(2).to.be.at.most(3);
    expect(2).to.be.above(1).and.below(3);
    expect(2).to.be.within(1, 3);
    expect(1.5).to.be.closeTo(1, 0.5);
    expect({ a: 1 }).to.not.be.an.instanceof(Array);
    expect('foobar').to.match(/^foo/);
    expect('foobar').to.have.string('bar');
    expect(3).to.be.oneOf([1, 2, 3]);
    expect(() => { throw new TypeError('bad'); }).to.throw(TypeError, 'bad');
    expect(1).to.satisfy((n) => n > 0);
    expect({ a: 1 }).to.have.property('a').that.is.a('number');
    expect({ json: () => ({}) }, 'response').to.have.validJsonBody();
    expect(200, 'response status').to.equal(200);
  });
  let reached = false;
  const none = describe('what does not', () => {
    expect(500, 'response status').to.equal(200);
    reached = true;
  });
  if (!all || none || reached) throw new Error(`${all} ${none} ${reached}`);
  console.log('all as documented');
}
