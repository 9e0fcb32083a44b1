import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';

function same(got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(want)}`);
}

export default function () {
  const parsed = papaparse.parse('name,age\nAnn,3\n"B ""b"", c",4\n', { header: true });
  same(parsed.data, [{ name: 'Ann', age: '3' }, { name: 'B "b", c', age: '4' }]);
  same([parsed.errors, parsed.meta.delimiter, parsed.meta.linebreak, parsed.meta.fields], [[], ',', '\n', ['name', 'age']]);
  same(papaparse.parse('a;b\r\n1;2\r\n').data, [['a', 'b'], ['1', '2']]);
  same(papaparse.parse('a,b\n1,true\n2.5,x', { header: true, dynamicTyping: true }).data, [{ a: 1, b: true }, { a: 2.5, b: 'x' }]);
  same(papaparse.parse('a,b\n\n1,2\n', { skipEmptyLines: true }).data, [['a', 'b'], ['1', '2']]);
  same(papaparse.parse('# no\na,b\n1,2', { comments: '#', preview: 1 }).data, [['a', 'b']]);
  same(papaparse.parse('a,"b\nc",d').data, [['a', 'b\nc', 'd']]);
  same(papaparse.parse('a,b\n1', { header: true, delimiter: ',' }).errors[0].code, 'TooFewFields');
  same(papaparse.parse('a,b,', {}).data, [['a', 'b', '']]);
  const seen = [];
  papaparse.parse('a,b\n1,2', { step: (row) => seen.push(row.data) });
  same(seen, [['a', 'b'], ['1', '2']]);
  same(papaparse.unparse([{ a: 1, b: 'x,y' }, { a: null, b: 'q"q' }]), 'a,b\r\n1,"x,y"\r\n,"q""q"');
  same(papaparse.unparse({ fields: ['a'], data: [[1], [2]] }, { newline: '\n', quotes: true }), '"a"\n"1"\n"2"');
  console.log('all as documented');
}
