// k6/html.
import { parseHTML } from 'k6/html'
import { is, section } from './rows.js'

const PAGE = `<html lang="en"><body><ul id="list" class="a b"><li class="x">one</li><li class="x" data-n="5">two</li><!-- c --><li>three</li></ul>
<form action="/go"><input name="i" value="v"><select name="s"><option value="1">A</option><option value="2" selected>B</option></select>
<textarea name="t">text</textarea><label for="q">L</label></form><a href="http://u:p@host:81/path?q=1#f" rel="me">link</a><b><i>x</i></b></body></html>`
const doc = parseHTML(PAGE)
const li = () => doc.find('li')
const element = (selector) => doc.find(selector).get(0)

section('k6/html', {
  parseHTML: () => is(parseHTML('<p>x</p>').find('p').text(), 'x'),
})

section('k6/html: Selection', {
  add: () => is(li().add('a').size(), 4),
  attr: () => is([doc.find('a').attr('rel'), doc.find('a').attr('none'), doc.find('a').attr('none', 'd')], ['me', undefined, 'd']),
  children: () => is(doc.find('ul').children('.x').size(), 2),
  closest: () => is(li().closest('ul').attr('id'), 'list'),
  contents: () => is(doc.find('li').first().contents().size(), 1),
  data: () => is(li().eq(1).data('n'), 5),
  each: () => { const seen = []; li().each((i, e) => { seen.push(e.textContent()) }); return is(seen, ['one', 'two', 'three']) },
  end: () => is(doc.find('ul').find('li').end().attr('id'), 'list'),
  eq: () => is(li().eq(1).text(), 'two'),
  filter: () => is(li().filter('.x').size(), 2),
  find: () => is(doc.find('ul').find('.x').size(), 2),
  first: () => is(li().first().text(), 'one'),
  get: () => is([li().get().length, li().get(1).textContent()], [3, 'two']),
  has: () => is(doc.find('ul').has('.x').size(), 1),
  html: () => is(li().html(), 'one'),
  index: () => is(li().last().index(), 2),
  is: () => is([li().is('.x'), li().is('p')], [true, false]),
  last: () => is(li().last().text(), 'three'),
  map: () => is(li().map((i, s) => s.text()), ['one', 'two', 'three']),
  next: () => is(li().first().next().text(), 'two'),
  nextAll: () => is(li().first().nextAll().size(), 2),
  nextUntil: () => is(li().first().nextUntil('li:last-child').size(), 1),
  not: () => is(li().not('.x').text(), 'three'),
  parent: () => is(li().parent().attr('id'), 'list'),
  parents: () => is(li().parents().size(), 3),
  parentsUntil: () => is(li().parentsUntil('html').size(), 2),
  prev: () => is(li().last().prev().text(), 'two'),
  prevAll: () => is(li().last().prevAll().size(), 2),
  prevUntil: () => is(li().last().prevUntil('li:first-child').size(), 1),
  serialize: () => is(doc.find('form').serialize(), 'i=v&s=2&t=text'),
  serializeArray: () => is(doc.find('form').serializeArray()[0], { name: 'i', value: 'v' }),
  serializeObject: () => is(doc.find('form').serializeObject().s, '2'),
  siblings: () => is(li().first().siblings().size(), 2),
  single: () => is(doc.find('li').single ? doc.single('li').size() : 0, 1),
  size: () => is(li().size(), 3),
  slice: () => is(li().slice(1).size(), 2),
  text: () => is(li().text(), 'onetwothree'),
  toArray: () => is(li().toArray().map((s) => s.text()), ['one', 'two', 'three']),
  url: () => is(typeof doc.url, 'string'),
  val: () => is([doc.find('input').val(), doc.find('select').val()], ['v', '2']),
})

section('k6/html: Element', {
  attributes: () => is(element('a').attributes().rel.value, 'me'),
  childElementCount: () => is(element('ul').childElementCount(), 3),
  childNodes: () => is(element('ul').childNodes().length, 4),
  children: () => is(element('ul').children().length, 3),
  classList: () => is(element('ul').classList(), ['a', 'b']),
  className: () => is(element('ul').className(), 'a b'),
  contains: () => is(element('b').contains(element('i')), true),
  firstChild: () => is(element('ul').firstChild().textContent(), 'one'),
  firstElementChild: () => is(element('ul').firstElementChild().textContent(), 'one'),
  getAttribute: () => is(element('a').getAttribute('rel'), 'me'),
  getAttributeNode: () => is(element('a').getAttributeNode('rel').value, 'me'),
  getElementsByClassName: () => is(element('ul').getElementsByClassName('x').length, 2),
  getElementsByTagName: () => is(element('ul').getElementsByTagName('li').length, 3),
  hasAttribute: () => is([element('a').hasAttribute('rel'), element('a').hasAttribute('x')], [true, false]),
  hasAttributes: () => is(element('a').hasAttributes(), true),
  hasChildNodes: () => is(element('ul').hasChildNodes(), true),
  id: () => is(element('ul').id(), 'list'),
  innerHTML: () => is(element('li').innerHTML(), 'one'),
  isDefaultNamespace: () => is(element('li').isDefaultNamespace(), true),
  isEqualNode: () => is(element('b').isEqualNode(element('b')), true),
  isSameNode: () => is(element('b').isSameNode(element('b')), true),
  lang: () => is(element('html').lang(), 'en'),
  lastChild: () => is(element('ul').lastChild().textContent(), 'three'),
  lastElementChild: () => is(element('ul').lastElementChild().textContent(), 'three'),
  matches: () => is(element('li').matches('.x'), true),
  namespaceURI: () => is(typeof element('li').namespaceURI(), 'string'),
  nextElementSibling: () => is(element('li').nextElementSibling().textContent(), 'two'),
  nextSibling: () => is(element('li').nextSibling().textContent(), 'two'),
  nodeName: () => is(element('li').nodeName(), 'li'),
  nodeType: () => is(element('li').nodeType(), 1),
  nodeValue: () => is(element('li').nodeValue(), undefined),
  ownerDocument: () => is(typeof element('li').ownerDocument(), 'object'),
  parentElement: () => is(element('li').parentElement().id(), 'list'),
  parentNode: () => is(element('li').parentNode().id(), 'list'),
  previousElementSibling: () => is(doc.find('li').get(1).previousElementSibling().textContent(), 'one'),
  previousSibling: () => is(doc.find('li').get(1).previousSibling().textContent(), 'one'),
  querySelector: () => is(element('ul').querySelector('[data-n]').textContent(), 'two'),
  querySelectorAll: () => is(element('ul').querySelectorAll('.x').length, 2),
  selection: () => is(element('li').selection().text(), 'one'),
  textContent: () => is(element('li').textContent(), 'one'),
  toString: () => is(typeof element('li').toString(), 'string'),
  'attributes of each tag, as methods': () => {
    const a = element('a')
    return is([a.host(), a.hostname(), a.port(), a.pathname(), a.search(), a.hash(), a.username(), a.password(), element('form').elements().length, element('select').options().length, element('form').length()],
      ['host:81', 'host', '81', '/path', '?q=1', '#f', 'u', 'p', 3, 2, 3])
  },
})
