[profile
summary
 = x
[a]
  b: c ; d
[a]
b = Ã¤
