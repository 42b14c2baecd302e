namespace MiniTorch.Tests.Memory;

/// <summary>What the checking mode of the pool finds; the mode itself is on in a run of the tests under MINITORCH_CHECK_MEMORY=1 (.ci/run).</summary>
[TestFixture]
public sealed unsafe class MemoryCheckTests
{
    private const long Capacity = 256, Asked = 200;

    [TestCase(Asked, "0 bytes past the end")]
    [TestCase(Capacity + MemoryCheck.Fence - 1, "119 bytes past the end")]
    [TestCase(-1, "1 bytes before")]
    [TestCase(-MemoryCheck.Fence, "64 bytes before")]
    public void A_write_beside_a_block_is_found(long at, string message) =>
        Should.Throw<InvalidOperationException>(() => Lend(data => data[at] = 1)).Message.ShouldContain(message);

    [Test]
    public void Writes_inside_a_block_are_allowed() => Lend(data =>
    {
        for (int i = 0; i < Asked; i++) data[i] = 1;
    });

    [Test]
    public void A_write_after_the_return_is_found_and_what_is_there_is_NaN()
    {
        byte* data = MemoryCheck.Allocate(Capacity, 64);
        float.IsNaN(*(float*)data).ShouldBeTrue();
        double.IsNaN(*(double*)data).ShouldBeTrue();
        MemoryCheck.GoesOut(data, Capacity, Asked);
        MemoryCheck.ComesBack(data, Capacity, Asked);
        data[17] = 0;
        Should.Throw<InvalidOperationException>(() => MemoryCheck.GoesOut(data, Capacity, Asked))
            .Message.ShouldContain("a free block of 256 bytes was written to, byte 16");
        MemoryCheck.Free(data);
    }

    private delegate void Use(byte* data);

    private static void Lend(Use use)
    {
        byte* data = MemoryCheck.Allocate(Capacity, 64);
        try
        {
            MemoryCheck.GoesOut(data, Capacity, Asked);
            use(data);
            MemoryCheck.ComesBack(data, Capacity, Asked);
        }
        finally
        {
            MemoryCheck.Free(data);
        }
    }
}
