/** Python's arithmetic of whole numbers, exact or refused: no result beyond 2^53 is ever rounded. */

/** Raises what cannot be worked out. */
type Refuse = (problem: string) => never

/** The number as it is; -0, which Python's integers do not know, as 0. */
function exact(value: number, refuse: Refuse): number {
  return Number.isSafeInteger(value) ? value + 0 : refuse('gives a number beyond 2^53')
}

function divisible(divisor: number, refuse: Refuse): void {
  if (divisor === 0) refuse('divides by zero')
}

/** Rounded down, whatever the signs. */
function floorDivide(a: number, b: number, refuse: Refuse): number {
  divisible(b, refuse)
  const rest = a % b
  const quotient = (a - rest) / b
  return exact(rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient, refuse)
}

/** With the divisor's sign. */
function floorModulo(a: number, b: number, refuse: Refuse): number {
  divisible(b, refuse)
  const rest = a % b
  return exact(rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest, refuse)
}

function power(base: number, exponent: number, refuse: Refuse): number {
  if (exponent < 0) refuse('raises to a negative power, which gives a number with a fraction')
  if (Math.abs(base) <= 1) return exponent === 0 ? 1 : base === -1 && exponent % 2 === 0 ? 1 : base
  let result = 1
  // From 2 on, 53 times is too much already.
  for (let i = 0; i < exponent; i++) result = exact(result * base, refuse)
  return result
}

/** The operators that take two whole numbers, by their signs. */
export const integerOperations: Readonly<
  Record<'+' | '-' | '*' | '//' | '%' | '**', (a: number, b: number, refuse: Refuse) => number>
> = {
  '+': (a, b, refuse) => exact(a + b, refuse),
  '-': (a, b, refuse) => exact(a - b, refuse),
  '*': (a, b, refuse) => exact(a * b, refuse),
  '//': floorDivide,
  '%': floorModulo,
  '**': power,
}
