export default function () {
  const ready = ;
}
